"""One question to one endpoint: request body, gate, retries, and the reading of the response.

Batches of questions are not asked here.
"""
