"""What must hold in a storm: by the paper TWS's book, `pitboss status`, and the journal's rows as JSON.

It imports nothing of the product (import-linter sees to that), so that no mistake can be made twice alike.
"""
