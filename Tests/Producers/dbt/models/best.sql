select variety, sum(kilograms) as total
from {{ ref('yields') }}
group by variety
