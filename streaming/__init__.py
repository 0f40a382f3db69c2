"""Messages of machines as they come: MQTT and OPC UA into Kafka."""
