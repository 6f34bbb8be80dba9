"""The paper TWS: a broker of our own that speaks Interactive Brokers' wire protocol."""
