"""The message brokers of a home: MQTT for machines, Kafka for what reads them."""
