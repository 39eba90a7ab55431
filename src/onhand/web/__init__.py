"""Pages for the people who run the stock: server-rendered, on the same services as the API."""
