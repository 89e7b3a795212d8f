// What a hand does in the composer.

/** Begins a note; answers its form. */
export async function write(page, text) {
  await page.getByRole('button', { name: 'Nouvelle note' }).locator('visible=true').first().click();
  const form = page.getByRole('form', { name: 'Nouvelle note' });
  await form.getByLabel('Votre texte').fill(text);
  return form;
}

export async function choose(form, category) {
  const choice = form.getByRole('radio', { name: category });
  if (!(await choice.count())) await form.getByRole('button', { name: 'Autre…' }).click();
  await choice.click();
}

/** `input` is where it comes from: camera or picker. */
export async function attach(form, input, name, mimeType, buffer) {
  await form.locator(`[data-e2e=${input}]`).setInputFiles([{ name, mimeType, buffer }]);
}

/** The network ends in the middle of the file of this name: what was sent of it had arrived, its answer had not. */
export async function cutIn(page, name) {
  const ids = new Set();
  page.on('request', (request) => {
    const body = request.method() === 'POST' && request.url().endsWith('/documents') ? request.postDataJSON() : null;
    if (body?.name === name) ids.add(body.id);
  });
  let pieces = 0;
  await page.route(contents, async (route) => {
    const id = route.request().url().split('/').at(-2);
    if (route.request().method() !== 'PATCH' || !ids.has(id) || ++pieces < 2) return route.fallback();
    await route.fetch().catch(() => {});
    await page.context().setOffline(true);
    return route.abort('internetdisconnected');
  });
}

export async function networkBack(page) {
  await page.unroute(contents);
  await page.context().setOffline(false);
}

const contents = /\/documents\/[^/]+\/content$/;
