"""The live path: from a tick on the wire to an order on the wire, through a whole process.

Both clients are measured from the broker's end of the socket: when it wrote the tick, when it read the order.
"""
