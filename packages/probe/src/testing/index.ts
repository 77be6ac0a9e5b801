export { type StackAnswers, stackSession } from './stack-session.ts';
export {
  type ToldContainer,
  type ToldStack,
  type ToldTask,
  NEW,
  OLD,
  clusterId,
  nodeText,
  stackText,
} from './stack-text.ts';
