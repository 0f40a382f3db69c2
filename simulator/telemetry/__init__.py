"""Sensor readings: what machines measure all day, and the messages in which vendors send it."""
