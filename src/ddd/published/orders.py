"""What orders publish: the entries of the order's timeline, under the same names.

The payload is the entry's `data`: ids, amounts in minor units of `currency`, and field names; no person's values.
"""

ORDER = "order"

DRAFTED = "order.drafted"
EDITED = "order.edited"
SUBMITTED = "order.submitted"
PLACED = "order.placed"
CONFIRMED = "order.confirmed"
CANCELLED = "order.cancelled"
LINES_CANCELLED = "order.lines_cancelled"
SHIPPED = "order.shipped"
LABEL_REQUESTED = "order.label_requested"
LABEL_RECALLED = "order.label_recalled"
FULFILLED = "order.fulfilled"
