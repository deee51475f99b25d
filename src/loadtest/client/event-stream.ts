/** Far above any chunk of a completion; a server that sends no line end cannot fill the memory. */
const MAX_LINE_LENGTH = 1_000_000;

/**
 * Cuts a stream of server-sent events into the texts of its `data:` lines. Only what OpenAI-like servers send is
 * read: one line an event, no event names, no ids.
 *
 * @returns a function that takes the next piece of text and returns the data lines it completed; it throws when a line
 *   passes a million characters
 */
export function createEventStreamReader(): (text: string) => readonly string[] {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) {
      throw new Error(`a line of the event stream is longer than ${MAX_LINE_LENGTH} characters`);
    }
    return lines.filter((line) => line.startsWith('data:')).map((line) => line.slice('data:'.length).trim());
  };
}
