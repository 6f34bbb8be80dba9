"""Measurements, each against a baseline of the same run. They judge nothing; `make bench` prints them all."""
