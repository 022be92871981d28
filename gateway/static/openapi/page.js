"use strict";

// Shows the document. What is typed into a call is sent to this host alone, and forgotten with the page.
const calls = document.getElementById("calls");

SwaggerUIBundle({
    url: calls.dataset.document,
    domNode: calls,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
});
