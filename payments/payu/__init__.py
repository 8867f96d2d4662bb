"""PayU for Colombia: pure functions (signature, webcheckout, notice, queries, replies, states) and `gateway.PayU`.

Facts come from PayU's published documentation; where its editions disagree, the module that had to choose says so.
"Transaction" is PayU's word and stays inside this package. Never imports Django, our models or settings; money is
Decimal, never float.
"""
