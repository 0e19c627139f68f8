"""GraphQL types: declarations. Their fields are attributes of the application's views, by the same names."""
