"use strict";
// The endpoint is the page's own address. A token goes into the headers editor and is not kept between visits.
const url = window.location.pathname;
const fetcher = (body, options) =>
  fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json",
      ...(options && options.headers),
    },
    body: JSON.stringify(body),
  }).then((response) => response.json());

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultHeaders: '{\n  "Authorization": "Bearer <token>"\n}',
    defaultQuery: "# Put a token into Headers below, then run:\n{\n  __typename\n}\n",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "headers",
  }),
);
