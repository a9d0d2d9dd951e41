"""One request to one endpoint: request body, gate, retries, and reading the response.

Batches of requests are run elsewhere.
"""
