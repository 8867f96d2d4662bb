"""Invoices, from the leases and what was collected to the paper in the client's hands: months, numbers, increases, credit notes."""
