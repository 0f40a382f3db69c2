"""Loss given default, exposure at default and expected loss, by a declared expert model."""
