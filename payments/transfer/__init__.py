"""A bank transfer with proof, as a gateway: the payer is told where to send the money and hands in the proof; what the agency's
staff decide of it is this gateway's books.

Pure functions. Never imports Django, our models or settings.
"""
