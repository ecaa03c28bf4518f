// Programs import Custody alone: positions, leaves, checkpoints and findings come with it.
@_exported import CustodyLedger

@_exported import struct CustodyModel.CalendarDate
@_exported import enum CustodyModel.ConsentGiver
@_exported import enum CustodyModel.DateOrTime
@_exported import enum CustodyModel.ErasureReason
@_exported import enum CustodyModel.HoldReason
@_exported import enum CustodyModel.HoldReleaseReason
@_exported import struct CustodyModel.Jurisdiction
@_exported import enum CustodyModel.LegalBasis
@_exported import enum CustodyModel.RestrictionGround
@_exported import enum CustodyModel.RestrictionReason
@_exported import struct CustodyModel.SubjectEventKind
@_exported import struct CustodyStore.CustodyError
@_exported import struct CustodyStore.EventFilter
@_exported import enum CustodyStore.ExpectedRevision
@_exported import enum CustodyStore.Limits
@_exported import struct CustodyStore.Receipt
@_exported import struct CustodyStore.RecoveryPlan
@_exported import enum CustodyStore.StoreCondition
@_exported import struct CustodyStore.StoredEvent
