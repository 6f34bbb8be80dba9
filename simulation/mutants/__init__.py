"""Mutants: the product without one of its guards, so that storms can show that they would see it.

A mutant replaces named functions of the product while a storm is ridden in this very process, and puts them back
afterwards. Nothing else of the project imports this package, and no configuration leads to it.
"""
