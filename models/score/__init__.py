"""The job that scores every enterprise."""
