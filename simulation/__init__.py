"""Storms: the whole system, its network, disk, clock and peers in one thread from one seed, and an oracle beside it.

plan      what will happen, drawn from the seed: data
world     the paper TWS, the machine with its lives and deaths, the market, the signal service, the people
oracle    what must hold, by the broker's book and the outside of the product; it shares no code with either
storm     one storm from its beginning to the money at its end
soak      many storms, and their summary; `pitboss soak`
"""
