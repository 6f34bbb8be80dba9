"""The TWS wire protocol, server side: framing, fields, requests decoded and answers encoded by version.

Pure functions over bytes and text; nothing here knows a socket, a clock or a market.
"""
