// The screens of the stand-in: no script, no artwork, and on each that no real identity is at stake.
import { createHash } from "node:crypto";

const style = `
body { margin: 0 auto; padding: 1rem; max-width: 34rem; font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff }
header { border: 2px solid #8a4b00; padding: .5rem .75rem; margin-bottom: 1.5rem; background: #fff6e5 }
header p { margin: 0 }
button { display: block; width: 100%; margin: .5rem 0; padding: .75rem; font: inherit; text-align: left; overflow-wrap: anywhere;
  color: #00386b; background: #fff; border: 1px solid #00386b; border-radius: 4px; cursor: pointer }
button[disabled] { color: #595959; border-color: #8c8c8c; cursor: not-allowed }
button.leave { margin-top: 1.5rem; border-color: transparent; text-decoration: underline }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

// A form's answer is a redirection to the client: a browser holds form-action against it too.
export const headers = (...formTargets) => ({
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${formTargets.join(" ")}`.trimEnd(),
});

const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);

const page = (title, main) => `<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} – FranceConnect, service de démonstration</title>
<style>${style}</style>
</head>
<body>
<header>
<p><strong>FranceConnect — service de démonstration, aucune identité réelle</strong></p>
<p lang="en">Stand-in for development: fictional identities only, not the real FranceConnect.</p>
</header>
<main>
<h1>${escape(title)}</h1>
${main}
</main>
</body>
</html>
`;

const button = ({ id, label, disabled }) =>
  `<button name="identity" value="${escape(id)}"${disabled ? " disabled" : ""}>${escape(label)}</button>`;

export const choicePage = ({ service, identities, plus }) => page("Choisir une identité", `
<p>Le service « ${escape(service)} » demande à savoir qui vous êtes${plus ? ", avec un niveau de garantie élevé (FranceConnect+)" : ""}.
Ces personnes n’existent pas. En choisissant l’une d’elles, vous continuez sur ce service, et il reçoit son identité.</p>
<form method="post">
${identities.map(button).join("\n")}
<button class="leave" name="abandon" value="1">Abandonner</button>
</form>`);

export const errorPage = ({ error, error_description: description }) => page("Connexion refusée", `
<p>La demande du service est refusée.</p>
<p><code>${escape(error)}</code> : ${escape(description)}</p>`);

export const signedOutPage = () => page("Vous êtes déconnecté", "<p>La session de démonstration est fermée.</p>");
