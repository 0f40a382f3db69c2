"""The job that watches over a model in use: is it still right, and who should look."""
