"""Reminders of rents that fall due or are overdue, within Ley 2300 of 2023 and the agency's own policy."""
