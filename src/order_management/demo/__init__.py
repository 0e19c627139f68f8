"""The demo: Northwind's history replayed over HTTP, as a storefront would have told it."""
