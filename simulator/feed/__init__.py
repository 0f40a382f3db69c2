"""Send a simulated day's telemetry as its machines would: over MQTT and OPC UA."""
