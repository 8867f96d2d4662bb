"""What owners are paid: proposed from what was collected, reviewed, paid by the bank's file or one by one, and its voucher."""
