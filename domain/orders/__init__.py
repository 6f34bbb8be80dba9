"""The order book: every fact about orders folded into what is known of them.

`book` takes the facts in whatever order they come, live or from the journal, and says what follows from each as a list
of effects; `record` is one order, `standing` moves it; `steps` takes what our own side did, `hearing` what the broker
said; `executions` and `fills` book fills; `echo` compares what the broker shows with what was intended; `replies` reads
its words; `effects` is the vocabulary of consequences.
"""
