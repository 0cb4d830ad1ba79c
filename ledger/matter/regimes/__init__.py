"""Regimes: what a law or a buyer asks of goods, answered from one ledger; one file for each."""
