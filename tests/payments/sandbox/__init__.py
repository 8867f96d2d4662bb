"""The stand-in PayU, run as the process it is, and its word against the project's own reading of PayU."""
