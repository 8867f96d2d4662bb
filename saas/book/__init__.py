"""The agency's book: its workbook read whole, tried, confirmed, undone, and written again from the data."""
