// An activity that gets a page. `fetch` is StarlingMonkey's, on `wasi:http`.

async function fetched(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw `there is no answer: ${error.message}`;
  }
  return { status: response.status, body: await response.text() };
}

export const httpGet = {
  async get(url) {
    const { status, body } = await fetched(url);
    if (status < 200 || status >= 300) {
      throw `${url} answered with status ${status}`;
    }
    return body;
  },

  async getResponse(url) {
    return await fetched(url);
  },
};
