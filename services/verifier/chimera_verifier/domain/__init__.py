"""What the verifier decides, free of brokers, stores and models."""
