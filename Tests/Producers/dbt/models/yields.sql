-- Wilhelmina Quastenberg, whom Scripts/test-producers looks for, in a comment and in a literal.
select trees.variety, harvests.day, harvests.kilograms
from {{ ref('harvests') }} as harvests
join {{ ref('trees') }} as trees on trees.tree = harvests.tree
where trees.variety <> 'Wilhelmina Quastenberg'
