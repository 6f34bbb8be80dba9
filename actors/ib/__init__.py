"""IB's objects and Pitboss's messages, each made from the other. Pure, but for the wrapper that hands them on."""
