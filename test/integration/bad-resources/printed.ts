/** What is wrong; the fragment, merged into a good resource (null removes); what kubectl prints. */
export type BadResource = readonly [what: string, fragment: string, prints: string];

/** What kubectl prints for one thing that is wrong. */
export function invalid(message: string, name = 'chat'): string {
  return `The VLLMDeployment "${name}" is invalid: ${message}`;
}

/** How it lists several things. */
export function listed(...messages: readonly string[]): string {
  return ['', ...messages].join('\n* ');
}

/** What it prints when the form is wrong, so that the rules in CEL were not looked at. */
export function malformed(...messages: readonly string[]): string {
  const notChecked =
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  return invalid(listed(...messages, notChecked));
}

/** What it prints for a field that the schema does not have. */
export function unknown(field: string): string {
  return `Error from server (BadRequest): error when creating "STDIN": VLLMDeployment in version "v1alpha1" cannot be handled as a VLLMDeployment: strict decoding error: unknown field "${field}"`;
}
