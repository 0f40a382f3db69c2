"""The project's own sample: invented firms, their invoices and their credit outcomes, as files."""

from loomline.sample.files import write_sample

__all__ = ["write_sample"]
