"""Reports of groups of firms: of a trade, and of the whole ecosystem."""
