"""An agency's workbook: read (workbook), understood cell by cell (values), kept (people, estate), and told about (report).

Money is in payments/importing.py; saas/book/loading.py runs it all in one transaction.
"""
