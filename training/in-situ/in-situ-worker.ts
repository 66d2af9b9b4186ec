import { answerTasks } from '../emulation/answer-tasks.ts';
import { runInSituTask } from './run-task.ts';

answerTasks(runInSituTask);
