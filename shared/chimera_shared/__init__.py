"""What every service would otherwise repeat: errors, settings, topics, the stage engine, the store, models, telemetry."""
