"""Model endpoints: their configuration, the client that keeps them full, and the ledger of what they answered."""
