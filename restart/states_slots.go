// # Slots
//
// What follows from some events that concern more than one generation. What is about
// a candidate or a retired generation alone goes by the table of states. Where there is
// a number before the state, it is that of the worker.
//
//	slot                                             event         when                                      next                                              actions
//
//	up                                               RestartAsked                                            up handing, candidate starting                    report handing-over; spawn
//	up                                               Pressed       a budget, sooner than MinUptime           up handing                                        report no-help
//	up                                               Pressed       a budget, later                           up handing, candidate starting                    report handing-over; spawn
//	up                                               Tick          an OOM kill, and the child lives          stopping                                          report stopping; signal; signal CONT
//
//	up handing, candidate starting                   Started                                                 up handing, candidate up                          report begun
//	up handing, candidate starting                   Started       it is ready when it is started            up, retired stopping                              report begun; report up; report stopping; signal; signal CONT
//	up handing, candidate starting                   SpawnFailed                                             up handing                                        report handover-failed
//	up handing, candidate starting                   Started       another one was asked for                 up handing, candidate stopping                    report begun; report stopping; signal; signal CONT
//	up handing, candidate starting                   Exited        the old one has crashed                   starting                                          report left; report ended
//	up handing, candidate starting                   StopAsked                                               stopping, candidate starting                      report stopping; signal; signal CONT
//
//	up handing, candidate up                         Ready                                                   up, retired stopping                              report up; report stopping; signal; signal CONT
//	up handing, candidate up                         Exited                                                  up handing                                        report left; report handover-failed
//	up handing, candidate up                         Tick          it is not ready in time                   up handing, candidate stopping                    report stopping; signal; signal CONT
//	up handing, candidate up                         RestartAsked                                            up handing, candidate stopping                    report stopping; signal; signal CONT
//	up handing, candidate up                         Examined                                                up handing, candidate stopping                    report stopping; signal; signal CONT
//	up handing, candidate up                         Pressed       it is settled that the old one goes       up handing, candidate up
//	up handing, candidate up                         Exited        the old one has crashed                   up not ready                                      report left; report ended
//	up handing, candidate up                         Exited        the same, and part of its tree lives      stopping, candidate up                            report left-behind; signal to the tree; signal CONT to the tree
//	up handing, candidate up                         Tick          an OOM kill in the old one                stopping, candidate up                            report stopping; signal; signal CONT
//	up handing, candidate up                         StopAsked                                               stopping, candidate stopping                      report stopping; signal; signal CONT; report stopping; signal; signal CONT
//	up handing, candidate up                         Exited        the terminal has ended the old one        gone, candidate stopping                          report left; report stopping; signal; signal CONT
//
//	up handing, candidate stopping                   Exited                                                  up handing                                        report left; report handover-failed
//	up handing, candidate stopping                   Exited        another one was asked for meanwhile       up handing, candidate starting                    report left; report handover-failed; spawn
//	up handing, candidate stopping                   Exited        the old one has crashed                   stopping                                          report left; report ended
//
//	up handing                                       Tick          the delay is over                         up handing, candidate starting                    spawn
//	up handing                                       RestartAsked                                            up handing, candidate starting                    spawn
//	up handing                                       Examined                                                up handing, candidate starting                    spawn
//	up handing                                       Exited        the old one has crashed                   waiting                                           report left; report backoff
//	up handing                                       StopAsked                                               stopping                                          report stopping; signal; signal CONT
//
//	up, retired stopping                             Exited                                                  up                                                report left
//	up, retired stopping                             RestartAsked                                            up queued, retired stopping                       report queued
//	up, retired stopping                             Exited        the new one has crashed                   gone, retired stopping                            report left
//	up, retired stopping                             StopAsked                                               stopping, retired stopping                        report stopping; signal; signal CONT
//
//	up                                               RestartAsked                                            up queued, gate asked                             report gated; opengate
//
//	up queued, gate asked                            GateOpened                                              stopping, gate open                               report stopping; signal; signal CONT
//	up queued, gate asked                            GateEnded     a check that ends well                    stopping, gate open                               report stopping; signal; signal CONT
//	up queued, gate asked                            GateEnded     it says no                                up queued                                         report gate-failed
//	up queued, gate asked                            Tick          it is not open in time                    up queued, gate closing                           closegate; report gate-failed
//	up queued, gate asked                            RestartAsked  who asks twice does not wait              stopping, gate closing                            closegate; report stopping; signal; signal CONT
//	up queued, gate asked                            Exited                                                  gone, gate closing                                report left; quit
//	up queued, gate asked                            StopAsked                                               stopping, gate closing                            report stopping; signal; signal CONT; closegate
//
//	up queued                                        Tick          the delay is over                         up queued, gate asked                             opengate
//	up queued                                        RestartAsked                                            stopping                                          report stopping; signal; signal CONT
//
//	stopping, gate open                              Exited                                                  starting, gate open                               report left; spawn
//	stopping, gate open                              GateEnded     what it held is lost                      stopping, gate open                               report gate-lost
//
//	up not ready, gate open                          Ready                                                   up, gate closing                                  report up; closegate
//	up not ready, gate open                          Exited        it has crashed                            gone, gate closing                                report left; quit
//
//	up, gate closing                                 GateEnded                                               up
//
//	1: starting                                      Started                                                 1: up; 2: starting; 3: starting                   report begun; spawn; spawn
//
//	1: up; 2: up; 3: up                              RestartAsked                                            1: stopping; 2: up queued; 3: up queued           report stopping; signal; signal CONT; report queued; report queued
//
//	1: stopping; 2: up queued; 3: up queued          Pressed       it is settled that it goes                1: stopping; 2: up queued; 3: up queued
//	1: stopping; 2: up queued; 3: up queued          Exited                                                  1: starting; 2: up queued; 3: up queued           report left; spawn
//
//	1: starting; 2: up queued; 3: up queued          Started       so that it works                          1: up; 2: stopping; 3: up queued                  report begun; report up; report stopping; signal; signal CONT
//
//	1: stopping; 2: up queued; 3: up queued          Exited        it has ended by itself before its turn    1: stopping; 2: gone; 3: up queued                report left; report reduced
//	1: stopping; 2: up queued; 3: up queued          StopAsked                                               1: stopping; 2: stopping; 3: stopping             report stopping; signal; signal CONT; report stopping; signal; signal CONT
//
//	1: up handing, candidate starting; 2: up queued  Exited        the others go on with their turns         1: up handing; 2: up handing, candidate starting  report left; report handover-failed; report handing-over; spawn
//	1: up handing, candidate starting; 2: up queued  Ready         two hand over until the old one has left  1: up, retired stopping; 2: up queued             report up; report stopping; signal; signal CONT
//
//	1: up, retired stopping; 2: up queued            Exited                                                  1: up; 2: up handing, candidate starting          report left; report handing-over; spawn
package restart
