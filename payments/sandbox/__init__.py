"""A stand-in PayU, to develop and test against: another program, with its own books, its own signatures and its own port.

Run as `python -m payments.sandbox --port N --books FILE.sqlite`. Standard library only; it knows nothing of the project
and the project nothing of it. It takes no money and keeps no secret, and it cannot be loaded in production.
"""

import os

if os.environ.get("SAAS_MODE") == "production":
    raise ImportError("payments.sandbox is a stand-in for PayU and cannot be loaded in production (SAAS_MODE=production).")
