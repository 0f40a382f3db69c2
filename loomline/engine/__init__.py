"""The one long-lived Spark engine: Spark Connect for programs, Thrift for JDBC and BI."""
