"""The order book: every fact about orders folded into what is known of them.

`book` takes the facts in whatever order they come, live or from the journal, and says what follows from each as a list
of effects; `record` is one order; `executions` books fills; `echo` compares what the broker shows with what was
intended; `replies` reads its words; `effects` is the vocabulary of consequences.
"""
