export { eventually } from '../../../playground/eventually.ts';
