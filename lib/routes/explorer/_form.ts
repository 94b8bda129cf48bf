/**
 * Returns the page that asks for the token. It has no style sheet and no script: those are behind it. Its referrer policy has browsers
 * say from where the form comes, which they keep to themselves by that of the header. The form has no action: so the fragment of the
 * address is still there once it is sent.
 *
 * @param note What is said above the form. @default {nothing}
 * @returns HTML.
 */
export function renderForm(note = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>Halyard: explorer</title>
</head>
<body>
<main>
<h1>Halyard: explorer</h1>
${
    note && `<p role="alert">${note}</p>
`
  }<form method="post">
<p><label for="token">Token (ADMIN_TOKEN)</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
<p><button>Open</button></p>
</form>
</main>
</body>
</html>
`;
}
